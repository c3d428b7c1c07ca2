# A manual page and a completion for bash of every tool, printed by the tool itself from its declarations.
get_property(tools GLOBAL PROPERTY HARTAPE_TOOLS)
set(tool_texts)
foreach(tool IN LISTS tools)
  set(man "${PROJECT_BINARY_DIR}/man/${tool}.1")
  set(completion "${PROJECT_BINARY_DIR}/completions/${tool}")
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/man" "${PROJECT_BINARY_DIR}/completions")
  add_custom_command(OUTPUT "${man}" "${completion}"
    COMMAND ${tool} --print-man > "${man}"
    COMMAND ${tool} --print-completion bash > "${completion}"
    DEPENDS ${tool} COMMENT "Manual page and completion of ${tool}")
  list(APPEND tool_texts "${man}" "${completion}")
  install(FILES "${man}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT tools)
  install(FILES "${completion}" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT tools)
endforeach()
if(tool_texts)
  add_custom_target(tool_texts ALL DEPENDS ${tool_texts})
endif()
