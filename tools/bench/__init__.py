"""TODO tools/bench"""
