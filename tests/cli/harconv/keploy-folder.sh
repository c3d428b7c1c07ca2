# A test set as a folder: out of a recording, and into one; and mocks with files beside them.
harconv --no-provenance "$SAMPLES/chat-llm.rec.ndjson" --to keploy -o set/
find set -type f | sort
sed -n '1,12p' set/tests/test-1.yaml
harconv --no-provenance "$SAMPLES/chat-llm.rec.ndjson" --to keploy -o set/
echo "exit $?"
harconv set --to keploy -o again/ && diff -r set again && echo same
harconv --no-provenance "$SAMPLES/chat-llm.rec.ndjson" --to keploy-mocks -o mocks/
find mocks -type f | sort
harconv set/ mocks/ --to keploy-json --count
harconv set/ mocks/ --to keploy-json | cut -c 1-90
mkdir empty && harconv empty -o x.har
echo "exit $?"
harconv set/ -i --to har
echo "exit $?"
