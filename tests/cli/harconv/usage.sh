# The formats, the version, and a wrong use.
harconv --formats
harconv --version
harconv
echo "exit $?"
harconv --prety x.har
echo "exit $?"
harconv --to nonsense x.har
echo "exit $?"
echo hello >x.unknown
harconv --to nonsense x.unknown
echo "exit $?"
harconv x.unknown
echo "exit $?"
