foreach(codec IN ITEMS json_concat json_seq lines multipart ndjson sse)
  hartape_fuzz_target(${codec} SOURCES ${codec}_fuzz.cpp LINKS hartape::stream_codec)
endforeach()
