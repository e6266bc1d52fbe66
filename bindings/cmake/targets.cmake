# The targets of the build tree, with the names that find_package gives them, for a host that uses add_subdirectory.

find_package(Threads REQUIRED)

set(include_dir "${PROJECT_SOURCE_DIR}/include")

add_library(trustdir::trustdir SHARED IMPORTED GLOBAL)
set_target_properties(trustdir::trustdir PROPERTIES IMPORTED_LOCATION "${shared_file}"
                                                    INTERFACE_INCLUDE_DIRECTORIES "${include_dir}")
if(UNIX AND NOT APPLE)
  set_target_properties(trustdir::trustdir PROPERTIES IMPORTED_SONAME "${shared_name}.${TRUSTDIR_SOVERSION}")
endif()
add_dependencies(trustdir::trustdir trustdir-cargo)

add_library(trustdir::static STATIC IMPORTED GLOBAL)
set_target_properties(
  trustdir::static PROPERTIES IMPORTED_LOCATION "${TRUSTDIR_STATIC}" INTERFACE_INCLUDE_DIRECTORIES "${include_dir}"
                              INTERFACE_LINK_LIBRARIES "${TRUSTDIR_STATIC_LIBS}")
add_dependencies(trustdir::static trustdir-cargo)

# <trustdir/asio.hpp> needs Boost.Asio or standalone Asio; which one, and from where, is the host's choice.
add_library(trustdir-asio INTERFACE)
target_link_libraries(trustdir-asio INTERFACE trustdir::trustdir Threads::Threads)
target_compile_features(trustdir-asio INTERFACE cxx_std_17)
add_library(trustdir::asio ALIAS trustdir-asio)
