"""What governance adds to one call, for each way in: a program each, in the environment that it needs.

A program makes the same call plain and governed, in turn, and prints what each took. The call is to a
server on this machine that answers at once (`bench.ways.work`): a real model or tool takes longer, so
that what is added is less of it.
"""
