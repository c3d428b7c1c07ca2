hartape_fuzz_target(socks SOURCES socks_fuzz.cpp LINKS hartape::stream_proxy)
target_include_directories(fuzz_socks PRIVATE "${PROJECT_SOURCE_DIR}/libstream/src/proxy")
