# Text in other charsets than UTF-8 can be read in a HAR, and is octets again everywhere else.
printf 'POST /a HTTP/1.1\r\nHost: h.example\r\nContent-Type: text/plain; charset=shift_jis\r\nContent-Length: 4\r\n\r\n\x93\xfa\x96\x7b' >in.http1
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=ISO-8859-1\r\nContent-Length: 7\r\n\r\ngr\xfc\xdf \x80\n' >>in.http1
harconv in.http1 -o out.har
jq -c '.log.entries[0] | .request.postData, .response.content' out.har
harconv out.har --to http1 2>/dev/null | cmp in.http1 && echo same
harconv out.har --to raw | od -An -tx1
harcheck out.har && echo good
# As a browser writes it: the size is that of the octets, or tells that it was UTF-8 all along.
for size in 4 6; do
  jq -c --argjson size $size '.log.entries[0].response.content |= {size: $size, mimeType: "text/html", text: "größ"}' out.har >browser.har
  harconv browser.har --to raw | od -An -tx1
done
# Octets that are no such text stay what they are.
sed 's/\xdf \x80/\x1b\x01\xff/' in.http1 >odd.http1
harconv odd.http1 -o odd.har
jq -c '.log.entries[0].response.content' odd.har
harconv odd.har --to http1 2>/dev/null | cmp odd.http1 && echo same
# The program that answers with a text as UTF-8 gets octets.
harconv out.har --dialect playwright --to har 2>/dev/null | jq -c '.log.entries[0].response.content | [.size, .text, .encoding]'
# Base64 and text are the same body.
jq -c '.log.entries[0].response.content |= (.text = "Z3L83yCACg==" | .encoding = "base64")' out.har >base64.har
hardiff out.har base64.har && echo equal
