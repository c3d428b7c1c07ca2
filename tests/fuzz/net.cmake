hartape_fuzz_target(http1_response SOURCES http1_response_fuzz.cpp LINKS hartape::stream_net)
target_include_directories(fuzz_http1_response PRIVATE "${PROJECT_SOURCE_DIR}/libstream/src/net")
