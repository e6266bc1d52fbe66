# `cmake --install`: a tree that may be moved as a whole.

set(config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/trustdir")

# What programs need to run, and what it takes to build them: the link without a version is the linker's.
set(runtime_files ${TRUSTDIR_SHARED_FILES})
if(UNIX AND NOT APPLE)
  list(REMOVE_ITEM runtime_files "${TRUSTDIR_SHARED}")
  install(FILES "${TRUSTDIR_SHARED}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev)
endif()
install(FILES ${runtime_files} DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime)
install(FILES "${TRUSTDIR_STATIC}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

# Under the names of Debian's packages, each of which has to have them.
set(TRUSTDIR_RUNTIME_PACKAGE "libtrustdir${TRUSTDIR_SOVERSION}")
set(TRUSTDIR_DEV_PACKAGE libtrustdir-dev)
set(licenses "${CMAKE_CURRENT_LIST_DIR}/copyright" "${PROJECT_SOURCE_DIR}/LICENSE-APACHE"
             "${PROJECT_SOURCE_DIR}/LICENSE-MIT")
install(FILES ${licenses} DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${TRUSTDIR_RUNTIME_PACKAGE}" COMPONENT runtime)
install(FILES ${licenses} DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${TRUSTDIR_DEV_PACKAGE}" COMPONENT dev)

# Imported targets cannot be exported, so the package configuration is written by hand.
set(TRUSTDIR_INSTALL_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
set(TRUSTDIR_INSTALL_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
get_filename_component(TRUSTDIR_SHARED_NAME "${shared_file}" NAME)
set(TRUSTDIR_SONAME "${shared_name}.${TRUSTDIR_SOVERSION}")
set(TRUSTDIR_STATIC_NAME "${static_name}")
configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/trustdirConfig.cmake.in" "${PROJECT_BINARY_DIR}/trustdirConfig.cmake"
  INSTALL_DESTINATION "${config_dir}"
  PATH_VARS TRUSTDIR_INSTALL_LIBDIR TRUSTDIR_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/trustdirConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/trustdirConfig.cmake" "${PROJECT_BINARY_DIR}/trustdirConfigVersion.cmake"
        DESTINATION "${config_dir}" COMPONENT dev)

# Relative to its own place, so that the tree may be moved.
set(pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH TRUSTDIR_PC_PREFIX "/prefix/${pkgconfig_dir}" "/prefix")
string(REGEX REPLACE "/$" "" TRUSTDIR_PC_PREFIX "${TRUSTDIR_PC_PREFIX}")
list(TRANSFORM TRUSTDIR_STATIC_LIBS PREPEND "-l" OUTPUT_VARIABLE private_libs)
list(JOIN private_libs " " TRUSTDIR_PRIVATE_LIBS)
configure_file("${CMAKE_CURRENT_LIST_DIR}/trustdir.pc.in" "${PROJECT_BINARY_DIR}/trustdir.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/trustdir.pc" DESTINATION "${pkgconfig_dir}" COMPONENT dev)
