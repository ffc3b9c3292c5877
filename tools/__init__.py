"""TODO tools"""
