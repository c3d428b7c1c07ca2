# Long values are shortened around what differs.
x=$(printf 'x%.0s' {1..300})
printf 'data: {"text":"%sA%s","n":1}\n\ndata: {"id":"%s","t":"one"}\n\ndata: {"id":"%s","t":"two"}\n\n' "$x" "$x" "$x" "$x" >expected.sse
printf 'data: {"text":"%sB%s","n":1}\n\ndata: {"id":"%s","t":"two"}\n\n' "$x" "$x" "$x" >actual.sse
streamdiff expected.sse actual.sse
