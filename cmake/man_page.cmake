# SPDX-License-Identifier: Apache-2.0
# cmake -DTOOL=PROGRAM -DINPUT=PAGE.in -DOUTPUT=PAGE -DVERSION=V -P man_page.cmake
# Puts what the program says of its options and commands into the page.
foreach(kind mdoc mdoc-commands)
  execute_process(COMMAND ${TOOL} --generate ${kind} OUTPUT_VARIABLE ${kind} COMMAND_ERROR_IS_FATAL ANY
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
endforeach()
set(OPTIONS "${mdoc}")
set(COMMANDS "${mdoc-commands}")
file(READ ${INPUT} page)
string(CONFIGURE "${page}" page @ONLY)
# Not configure_file(): it leaves an unchanged page older than the program, to be made again by every build.
file(WRITE ${OUTPUT} "${page}")
