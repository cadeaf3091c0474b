# SPDX-License-Identifier: Apache-2.0
# Man pages and shell completions, made from each tool's option table (TOOL --generate KIND).
# Man pages are built with the tools, into the build folder. Completions are checked in, so that a package
# can install them without running the tools: `--target documents` writes them anew after an option has
# changed, and tests/cli/documents.bats fails until that is done.
set(kpipe_tools kconsume ksink-pg ksink-file kseek kgroups)
set(man_folder ${CMAKE_BINARY_DIR}/man)

foreach(tool IN LISTS kpipe_tools)
  set(page ${man_folder}/${tool}.1)
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -DTOOL=$<TARGET_FILE:${tool}> -DINPUT=${CMAKE_SOURCE_DIR}/man/${tool}.1.in
            -DOUTPUT=${page} -DVERSION=${PROJECT_VERSION} -P ${CMAKE_SOURCE_DIR}/cmake/man_page.cmake
    DEPENDS ${tool} ${CMAKE_SOURCE_DIR}/man/${tool}.1.in ${CMAKE_SOURCE_DIR}/cmake/man_page.cmake
    VERBATIM)
  list(APPEND man_pages ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endforeach()
set(VERSION ${PROJECT_VERSION})
configure_file(${CMAKE_SOURCE_DIR}/man/kpipe.7.in ${man_folder}/kpipe.7 @ONLY)
install(FILES ${man_folder}/kpipe.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
add_custom_target(man ALL DEPENDS ${man_pages})

set(completions ${CMAKE_SOURCE_DIR}/completions)
add_custom_target(documents)
add_dependencies(documents man)
foreach(tool IN LISTS kpipe_tools)
  foreach(completion bash:${tool} zsh:_${tool} fish:${tool}.fish)
    string(REPLACE ":" ";" parts ${completion})
    list(GET parts 0 shell)
    list(GET parts 1 file)
    add_custom_command(TARGET documents POST_BUILD
      COMMAND ${tool} --generate ${shell} > ${completions}/${shell}/${file} VERBATIM)
  endforeach()
  install(FILES ${completions}/bash/${tool} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${completions}/zsh/_${tool} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${completions}/fish/${tool}.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endforeach()

install(DIRECTORY ${CMAKE_SOURCE_DIR}/packaging/examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
