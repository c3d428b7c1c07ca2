# `find_package(hartape)` gives hartape::stream and hartape::har.
include(CMakePackageConfigHelpers)
get_property(libraries GLOBAL PROPERTY HARTAPE_LIBRARIES)
get_property(tools GLOBAL PROPERTY HARTAPE_TOOLS)

install(TARGETS ${libraries} stream EXPORT hartape-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development)
install(TARGETS ${tools} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tools)
install(EXPORT hartape-targets NAMESPACE hartape:: DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/hartape" COMPONENT development)
configure_package_config_file(cmake/hartape-config.cmake.in hartape-config.cmake
  INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/hartape")
write_basic_package_version_file(hartape-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/hartape-config.cmake" "${CMAKE_CURRENT_BINARY_DIR}/hartape-config-version.cmake"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/hartape" COMPONENT development)
install(DIRECTORY schemas/ DESTINATION "${CMAKE_INSTALL_DATADIR}/hartape/schemas" COMPONENT tools)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT tools)
