"""Draws one picture: a specification from standard input, PNG or SVG to standard output (`charts`).

A process of its own runs it, which imports nothing of the desk and fetches nothing from anywhere.
"""

import json
import sys

import vl_convert

if __name__ == "__main__":
    specification = json.load(sys.stdin)
    if sys.argv[1] == "svg":
        drawn = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[]).encode()
    else:
        drawn = vl_convert.vegalite_to_png(
            specification, scale=float(sys.argv[2]), allowed_base_urls=[]
        )
    sys.stdout.buffer.write(drawn)
