# cmake -DBUILD=… -DCONSUMER=… -DWORK=… -DGENERATOR=… -DCOMPILER=… -DSAMPLES=… -P install_consumer.cmake
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE "${WORK}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
foreach(tool IN ITEMS harconv streamdiff streamserve)
  run("${WORK}/prefix/bin/${tool}" --version)
endforeach()
run("${CMAKE_COMMAND}" -S "${CONSUMER}" -B "${WORK}/build" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
  -DCMAKE_BUILD_TYPE=Release "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
run("${CMAKE_COMMAND}" --build "${WORK}/build")
run("${WORK}/build/consumer" "${SAMPLES}/chat-llm.rec.ndjson")
file(REMOVE_RECURSE "${WORK}")
