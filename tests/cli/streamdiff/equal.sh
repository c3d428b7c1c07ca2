# JSON by value, any line end, comments and chunks aside: the two are equal.
printf 'data: {"a":1,"b":[1,2]}\n\n: keep-alive\n\nid: 7\nevent: done\ndata: [DONE]\n\n' >expected.sse
printf '\357\273\277data: {"b":[1.0,2e0],\r\ndata: "a":10e-1}\r\n\r\nevent: done\r\ndata: [DONE]\r\nid: 7\r\n\r\n' >actual.sse
streamdiff expected.sse actual.sse
