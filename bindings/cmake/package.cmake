# `cpack -G DEB`: libtrustdir0.1, which programs need to run, and libtrustdir-dev, by which they are built. Configure with
# -DCMAKE_INSTALL_PREFIX=/usr, so that the libraries go where Debian has them.

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL runtime dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Access control for TLS services by a directory of certificates")
set(CPACK_PACKAGE_CONTACT "The authors of trustdir <trustdir@localhost>" CACHE STRING "Who maintains the packages")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME "${TRUSTDIR_RUNTIME_PACKAGE}")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS "libc6 (>= 2.34), libgcc-s1")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME "${TRUSTDIR_DEV_PACKAGE}")
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${TRUSTDIR_RUNTIME_PACKAGE} (= ${PROJECT_VERSION})")
# Tells dpkg-shlibdeps which package has the library, and the loader that it is there.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
include(CPack)
