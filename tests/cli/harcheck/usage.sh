# What means nothing is refused with what was meant; the rules explain themselves.
harcheck
echo "exit $?"
harcheck --rule time-smu=off x.har
harcheck --rule time-sum=loud x.har
harcheck --rule time-sum x.har
harcheck --profile chrom x.har
harcheck --dry-run x.har
harcheck -i x.har
harcheck - -
harcheck --explain nothing-like-it
echo "exit $?"
harcheck --explain time-sum,ws-opcode
harcheck --explain 'import-chro*'
harcheck --list-rules | head -n 3
