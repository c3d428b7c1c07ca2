# Every package the project builds with; all are Debian 12's. Imported targets are SYSTEM: their headers do not warn.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)              # libfmt-dev
find_package(tl-expected REQUIRED)      # libexpected-dev
find_package(simdjson REQUIRED)         # libsimdjson-dev: UTF-8 validation and minifying, chosen at run time
find_package(HWY REQUIRED)              # libhwy-dev: our own scanning, chosen at run time
find_package(CLI11 REQUIRED)            # libcli11-dev
find_package(Boost 1.81 REQUIRED)       # libboost1.81-dev: Asio and Beast, headers only
if(HARTAPE_SANITIZE MATCHES "thread")
  # GCC's thread sanitizer knows no fences (-Wtsan); those around Asio's handlers order nothing where one thread runs them.
  target_compile_definitions(Boost::headers INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
find_package(OpenSSL REQUIRED)          # libssl-dev
find_package(yaml-cpp REQUIRED)         # libyaml-cpp-dev
find_package(ZLIB REQUIRED)             # zlib1g-dev
find_package(PkgConfig REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)             # libzstd-dev
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)                  # libre2-dev
pkg_check_modules(brotli REQUIRED IMPORTED_TARGET libbrotlidec libbrotlienc)  # libbrotli-dev
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)           # libzip-dev
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)         # libsqlite3-dev
if(HARTAPE_BUILD_TESTS)
  find_package(Catch2 2 REQUIRED)       # catch2
  find_program(HARTAPE_BASH bash REQUIRED)
endif()
if(HARTAPE_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)      # libbenchmark-dev
endif()
