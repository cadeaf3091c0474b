# SPDX-License-Identifier: Apache-2.0
# Third-party libraries as imported targets. Each is linked by one folder only (design: layout).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(CLI11 REQUIRED)

# packaging/build-librdkafka puts its static build here; a system librdkafka that is new enough works too.
set(KPIPE_LIBRDKAFKA_PREFIX ${CMAKE_SOURCE_DIR}/build/deps/librdkafka-2.15.1 CACHE PATH
  "Where packaging/build-librdkafka installed")
set(ENV{PKG_CONFIG_PATH} "${KPIPE_LIBRDKAFKA_PREFIX}/lib/pkgconfig:$ENV{PKG_CONFIG_PATH}")

# 2.13.2 is the first whose batch reads keep the position right at EOF events.
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka>=2.13.2)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(TOMLPLUSPLUS REQUIRED tomlplusplus) # its headers alone; the library would only be one more to install
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(SNAPPY REQUIRED IMPORTED_TARGET snappy)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
find_package(OpenSSL REQUIRED)
find_package(CURL 7.85 REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(PROTOBUF REQUIRED IMPORTED_TARGET protobuf>=3.21)
