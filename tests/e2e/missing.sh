#!/bin/sh
# Stands for a test whose interpreter was not there when the build was configured.
echo "skipped: Node.js or /usr/bin/python3 is not installed ($*)"
[ "${HARTAPE_REQUIRE_E2E:-}" = 1 ] && exit 1
exit 77
