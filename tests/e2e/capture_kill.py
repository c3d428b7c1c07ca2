#!/usr/bin/env python3
"""A recorder that is killed under load, again and again, at any moment: what it has written can be read each time, and holds
everything but what was on its way."""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

BIN = os.environ['HARTAPE_BIN']
LOAD = os.environ['HARTAPE_CAPTURE_LOAD']
RUNS = int(os.environ.get('HARTAPE_CAPTURE_KILLS', '200'))
# What may be on its way: the queue and the batch that is being filled, of which each event is at least this long.
ON_ITS_WAY = ((1 << 20) + (1 << 17)) // 40


def body_of(number):
    text = f'body of exchange {number}\n'
    while len(text) < 200 + number % 1000:
        text += f'"{number}" '
    return text


def tool(*arguments):
    return subprocess.run([os.path.join(BIN, arguments[0]), *arguments[1:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60)


def check_entry(entry, partial):
    number = int(entry['request']['url'].rsplit('/', 1)[1])
    if entry['request']['url'].startswith('ws:'):
        messages = entry['_webSocketMessages']
        assert [m['data'] for m in messages] == [f'message {i}' for i in range(len(messages))], number
        return
    text = entry['response']['content'].get('text', '')
    if partial:
        assert body_of(number).startswith(text), number
    else:
        assert text == body_of(number), number


def check_recording(path, told, recorded):
    lines = open(path, 'rb').read().split(b'\n')
    for line in lines[:-1]:
        json.loads(line)
    events = max(len(lines) - 2, 0)  # the header, and what follows the last line feed
    assert recorded <= events, f'{recorded} events were said to be written, {events} are'
    assert events <= told + 10 and told - events <= ON_ITS_WAY, f'{told} events were told, {events} are there'
    checked = tool('harcheck', path)
    assert checked.returncode == 0 and 'error' not in checked.stdout.replace('0 errors', ''), checked.stdout + checked.stderr
    converted = tool('harconv', path, '--to', 'har')
    assert converted.returncode == 0, converted.stderr
    entries = json.loads(converted.stdout)['log']['entries']
    complete = 0
    for entry in entries:
        check_entry(entry, entry.get('_incomplete', False))
        complete += not entry.get('_incomplete', False)
    return events, complete, bool(lines[-1])


def check_har(path, written):
    document = json.load(open(path, encoding='utf-8'))
    entries = document['log']['entries']
    assert written <= len(entries), f'{written} entries were said to be written, {len(entries)} are'
    for entry in entries:
        assert '_incomplete' not in entry
        check_entry(entry, False)
    checked = tool('harcheck', path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return len(entries)


def main():
    seed = int(os.environ.get('HARTAPE_SEED', random.randrange(1 << 30)))
    dice = random.Random(seed)
    print(f'seed {seed}, {RUNS} runs')
    folder = tempfile.mkdtemp(prefix='hartape-kill-')
    cut = events = entries = lost = most_lost = 0
    try:
        for run in range(RUNS):
            # Every other run finds what the one before has left.
            if run % 2 == 0:
                for name in os.listdir(folder):
                    os.remove(os.path.join(folder, name))
            counters = os.path.join(folder, 'counters')
            if os.path.exists(counters):
                os.remove(counters)
            load = subprocess.Popen([LOAD, folder, counters])
            # A tenth is killed while it begins.
            time.sleep(dice.uniform(0, 0.02) if dice.random() < 0.1 else dice.uniform(0.02, 0.25))
            load.send_signal(signal.SIGKILL)
            assert load.wait() == -signal.SIGKILL, f'run {run}: ended by itself'
            data = open(counters, 'rb').read() if os.path.exists(counters) else b''
            ended, told, recorded, written = struct.unpack('4Q', data.ljust(32, b'\0')[:32])
            recording, har = os.path.join(folder, 's.rec.ndjson'), os.path.join(folder, 's.har')
            begun = os.path.exists(recording) and os.path.getsize(recording) > 0
            assert begun or told == 0, f'run {run}: nothing is recorded'
            try:
                if told != 0:
                    got, _, was_cut = check_recording(recording, told, recorded)
                    cut += was_cut
                    events += got
                    lost += max(told - got, 0)
                    most_lost = max(most_lost, told - got)
                    entries += check_har(har, written)
                elif os.path.exists(har):
                    json.load(open(har, encoding='utf-8'))
            except (AssertionError, ValueError):
                print(f'run {run}: told {told}, ended {ended}, recorded {recorded}; files in {folder}', file=sys.stderr)
                raise
        print(f'{events} events and {entries} entries read; {lost} events lost on their way, at most {most_lost} at once; '
              f'{cut} last lines cut')
    except BaseException:
        raise
    else:
        shutil.rmtree(folder)


if __name__ == '__main__':
    main()
