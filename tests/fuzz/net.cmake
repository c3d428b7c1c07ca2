hartape_fuzz_target(http1_response SOURCES http1_response_fuzz.cpp LINKS hartape::stream_net)
target_include_directories(fuzz_http1_response PRIVATE "${PROJECT_SOURCE_DIR}/libstream/src/net")
hartape_fuzz_target(http1_request SOURCES http1_request_fuzz.cpp LINKS hartape::stream_net)
target_include_directories(fuzz_http1_request PRIVATE "${PROJECT_SOURCE_DIR}/libstream/src/net")
