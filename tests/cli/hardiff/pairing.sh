# Hosts, parameters and paths that are the same under another name.
. "$(dirname -- "$0")/common.inc"
sed 's/api.example.com/staging.example.com:8443/; s/page=1/page=1\&v=77/' e.har >s.har
hardiff --stat e.har s.har
hardiff --map-host api.example.com=staging.example.com:8443 --ignore-query v e.har s.har
sed 's,/me,/users/1001,' e.har >u1.har
sed 's,/me,/users/1002,' e.har >u2.har
hardiff u1.har u2.har
hardiff --path-template '/users/{id}' u1.har u2.har
hardiff --path-template users u1.har u2.har
