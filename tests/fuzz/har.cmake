hartape_fuzz_target(har SOURCES har_fuzz.cpp LINKS hartape::har)
hartape_fuzz_target(fix SOURCES fix_fuzz.cpp LINKS hartape::har)

# The check, and its rules.
foreach(name IN ITEMS check check_rules check_values)
  hartape_fuzz_target(${name} SOURCES ${name}_fuzz.cpp LINKS hartape::har)
  target_include_directories(fuzz_${name} PRIVATE "${PROJECT_SOURCE_DIR}/libhar/src")
endforeach()
hartape_fuzz_target(merge SOURCES merge_fuzz.cpp LINKS hartape::har)

# Formats beside HAR.
hartape_fuzz_target(asciicast SOURCES asciicast_fuzz.cpp LINKS hartape::har)
hartape_fuzz_target(keploy SOURCES keploy_fuzz.cpp LINKS hartape::har)

hartape_fuzz_target(formats SOURCES formats_fuzz.cpp LINKS hartape::har)

# The expressions that entries are selected with.
hartape_fuzz_target(query SOURCES query_fuzz.cpp LINKS hartape::har)
# What harstat counts, and what it reads again.
foreach(name IN ITEMS partial stat)
  hartape_fuzz_target(${name} SOURCES ${name}_fuzz.cpp LINKS hartape::har)
endforeach()
hartape_fuzz_target(hardiff SOURCES hardiff_fuzz.cpp LINKS hartape::har)
