#!/usr/bin/env bash
# Runs one case and compares what it prints and its exit status with what is expected.
#
#   run_case.sh BIN SAMPLES SCRATCH CASE.sh
#
# CASE.sh runs in SCRATCH, an empty folder, with BIN first in PATH and SAMPLES in the environment. CASE.sh.stdout,
# CASE.sh.stderr and CASE.sh.exit beside it are what is expected; one that is not there stands for nothing, or 0.
# HARTAPE_BLESS=1 writes them anew instead: read them like code before they are committed.
set -u
bin=$1 samples=$2 scratch=$3 case=$4

rm -rf -- "$scratch"
mkdir -p -- "$scratch/work" "$scratch/home" || exit 2
export PATH="$bin:$PATH" SAMPLES="$samples" HOME="$scratch/home" LC_ALL=C.UTF-8 TZ=Asia/Kolkata TERM=dumb
unset NO_COLOR

# A time zone other than UTC shows what depends on it.
(cd -- "$scratch/work" && exec bash -u "$case") >"$scratch/stdout" 2>"$scratch/stderr" </dev/null
echo $? >"$scratch/exit"

# What depends on where the sources are is not compared.
for stream in stdout stderr; do
  LC_ALL=C sed -i -e "s|$samples|\$SAMPLES|g" -e "s|$scratch/work|\$PWD|g" "$scratch/$stream"
done

status=0
for part in stdout stderr exit; do
  expected=$case.$part got=$scratch/$part
  default=
  if [[ $part == exit ]]; then default=$'0\n'; fi
  if [[ ${HARTAPE_BLESS:-} == 1 ]]; then
    if cmp -s -- "$got" <(printf %s "$default"); then rm -f -- "$expected"; else cp -- "$got" "$expected"; fi
    continue
  fi
  if [[ ! -e $expected ]]; then
    printf %s "$default" >"$scratch/expected.$part"
    expected=$scratch/expected.$part
  fi
  if ! cmp -s -- "$expected" "$got"; then
    echo "$(basename -- "$case"): $part differs:"
    diff -a -u --label "expected $part" --label "found $part" -- "$expected" "$got"
    status=1
  fi
done
if ((status == 0)); then rm -rf -- "$scratch"; fi
exit $status
