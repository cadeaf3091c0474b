# SPDX-License-Identifier: Apache-2.0
# kpipe_folder_library(NAME sources... LINK libs... USES third-party...)
# One static library a folder. LINK names the kpipe folders below this one (their headers become
# visible to whoever links us); USES is third-party code that only this folder's sources may see.
function(kpipe_folder_library name)
  cmake_parse_arguments(ARG "" "" "LINK;USES" ${ARGN})
  add_library(kpipe_${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(kpipe_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(kpipe_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_USES})
endfunction()

# kpipe_tool(NAME sources... LINK libs... USES third-party...)
# lib<tool> holds everything but main(), so that unit tests reach it.
function(kpipe_tool name)
  cmake_parse_arguments(ARG "" "" "LINK;USES" ${ARGN})
  add_library(kpipe_tool_${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(kpipe_tool_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(kpipe_tool_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_USES})
  add_executable(${name} main.cpp)
  target_link_libraries(${name} PRIVATE kpipe_tool_${name})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
