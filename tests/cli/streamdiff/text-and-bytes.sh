# Text line by line, bytes with the place where they differ.
printf 'one\ntwo\nthree\nfour' >expected.txt
printf 'one\nthree\r\nfour\n' >actual.txt
streamdiff --from text expected.txt actual.txt
echo "exit $?"
printf '\211PNG\r\n\032\n\000\000\000\rIHDR' >expected.png
printf '\211PNG\r\n\032\n\000\000\001\rIHDR+' >actual.png
streamdiff --from raw expected.png actual.png
