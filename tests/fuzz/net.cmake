hartape_fuzz_target(http1_response SOURCES http1_response_fuzz.cpp LINKS hartape::stream_net)
target_include_directories(fuzz_http1_response PRIVATE "${PROJECT_SOURCE_DIR}/libstream/src/net")
hartape_fuzz_target(host_names SOURCES host_names_fuzz.cpp LINKS hartape::stream_net Boost::headers OpenSSL::SSL)
target_include_directories(fuzz_host_names PRIVATE "${PROJECT_SOURCE_DIR}/libstream/src/net")
