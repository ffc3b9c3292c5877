"""Draws one picture: a specification from standard input, PNG to standard output (`charts`).

A process of its own runs it, which imports nothing of the desk and fetches nothing from anywhere.
"""

import json
import sys

import vl_convert

if __name__ == "__main__":
    drawn = vl_convert.vegalite_to_png(
        json.load(sys.stdin), scale=float(sys.argv[1]), allowed_base_urls=[]
    )
    sys.stdout.buffer.write(drawn)
