# Wrong usage.
harmerge
echo "exit $?"
harmerge - -
echo "exit $?"
harmerge --json a.har
echo "exit $?"
harmerge --to nothing a.har
echo "exit $?"
harmerge missing.har
echo "exit $?"
