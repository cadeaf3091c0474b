# SPDX-License-Identifier: Apache-2.0
# kpipe_precompiled(TARGET): the target is compiled with the precompiled headers that all share, where they are on: in the
# preset fuzz. Not in dev, so an include that a file lacks is still noticed; and g++ 12 warns of bounds that are kept when
# std::string comes out of a precompiled header. Not behind a launcher such as ccache, which keeps nothing made with them.
if(KPIPE_PRECOMPILE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  add_library(kpipe_precompiled OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cpp)
  target_precompile_headers(kpipe_precompiled PRIVATE ${CMAKE_CURRENT_LIST_DIR}/precompiled.hpp)
endif()
function(kpipe_precompiled target)
  if(TARGET kpipe_precompiled)
    target_precompile_headers(${target} REUSE_FROM kpipe_precompiled)
  endif()
endfunction()

# kpipe_parses_options(sources...): files that see CLI11. Under the sanitizers they are compiled without optimisation: each
# takes half of the time then.
function(kpipe_parses_options)
  if(CMAKE_BUILD_TYPE STREQUAL Fuzz)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -O0 SKIP_PRECOMPILE_HEADERS ON)
  endif()
endfunction()

# kpipe_folder_library(NAME sources... LINK libs... USES third-party...)
# One static library a folder. LINK names the kpipe folders below this one (their headers become
# visible to whoever links us); USES is third-party code that only this folder's sources may see.
function(kpipe_folder_library name)
  cmake_parse_arguments(ARG "" "" "LINK;USES" ${ARGN})
  add_library(kpipe_${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(kpipe_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(kpipe_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_USES})
  kpipe_precompiled(kpipe_${name})
endfunction()

# kpipe_tool(NAME sources... LINK libs... USES third-party...)
# lib<tool> holds everything but main(), so that unit tests reach it.
function(kpipe_tool name)
  cmake_parse_arguments(ARG "" "" "LINK;USES" ${ARGN})
  add_library(kpipe_tool_${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(kpipe_tool_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(kpipe_tool_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_USES})
  kpipe_precompiled(kpipe_tool_${name})
  kpipe_parses_options(options.cpp)
  add_executable(${name} main.cpp)
  target_link_libraries(${name} PRIVATE kpipe_tool_${name})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
