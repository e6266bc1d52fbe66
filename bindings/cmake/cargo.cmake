# The cargo build: target `trustdir-cargo`, and in TRUSTDIR_LIB_DIR the libraries under the names that they are
# installed with.

find_program(CARGO_EXECUTABLE cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin")
if(NOT CARGO_EXECUTABLE)
  message(FATAL_ERROR "cargo was not found: install Rust (https://rustup.rs) or set CARGO_EXECUTABLE")
endif()

set(default_target_dir "${PROJECT_SOURCE_DIR}/target")
if(DEFINED ENV{CARGO_TARGET_DIR})
  set(default_target_dir "$ENV{CARGO_TARGET_DIR}")
endif()
set(TRUSTDIR_CARGO_TARGET_DIR "${default_target_dir}" CACHE PATH "Where cargo builds")
get_filename_component(cargo_target_dir "${TRUSTDIR_CARGO_TARGET_DIR}" ABSOLUTE BASE_DIR "${PROJECT_SOURCE_DIR}")

# Multi-configuration generators have no build type here and get the release profile.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(cargo_profile "")
  set(cargo_output_dir "${cargo_target_dir}/debug")
else()
  set(cargo_profile --release)
  set(cargo_output_dir "${cargo_target_dir}/release")
endif()

set(shared_name "${CMAKE_SHARED_LIBRARY_PREFIX}trustdir${CMAKE_SHARED_LIBRARY_SUFFIX}")
set(static_name "${CMAKE_STATIC_LIBRARY_PREFIX}trustdir${CMAKE_STATIC_LIBRARY_SUFFIX}")
set(TRUSTDIR_LIB_DIR "${PROJECT_BINARY_DIR}/lib")
set(TRUSTDIR_STATIC "${TRUSTDIR_LIB_DIR}/${static_name}")
set(TRUSTDIR_SHARED "${TRUSTDIR_LIB_DIR}/${shared_name}")

# The library proper first, then the links that the loader and the linker look for.
set(TRUSTDIR_SHARED_FILES "${TRUSTDIR_SHARED}")
if(UNIX AND NOT APPLE)
  set(TRUSTDIR_SHARED_FILES "${TRUSTDIR_SHARED}.${PROJECT_VERSION}" "${TRUSTDIR_SHARED}.${TRUSTDIR_SOVERSION}"
                            "${TRUSTDIR_SHARED}")
endif()
list(GET TRUSTDIR_SHARED_FILES 0 shared_file)
file(MAKE_DIRECTORY "${TRUSTDIR_LIB_DIR}")
foreach(link IN LISTS TRUSTDIR_SHARED_FILES)
  if(NOT link STREQUAL shared_file)
    get_filename_component(shared_file_name "${shared_file}" NAME)
    file(CREATE_LINK "${shared_file_name}" "${link}" SYMBOLIC)
  endif()
endforeach()

# cargo decides what is out of date, so it is asked at every build; an unchanged library is not copied again.
add_custom_target(
  trustdir-cargo ALL
  COMMAND "${CARGO_EXECUTABLE}" build --locked -p trustdir-capi ${cargo_profile} --target-dir "${cargo_target_dir}"
  COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${cargo_output_dir}/${shared_name}" "${shared_file}"
  COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${cargo_output_dir}/${static_name}" "${TRUSTDIR_STATIC}"
  BYPRODUCTS "${shared_file}" "${TRUSTDIR_STATIC}"
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
  COMMENT "cargo build -p trustdir-capi"
  USES_TERMINAL VERBATIM)
