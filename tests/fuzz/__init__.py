"""Fuzzing: random input of every kind must end in a result or in one line, and harm nothing.

``make fuzz`` tries 100,000 inputs, ``python -m tests.fuzz KIND --input N`` one of them, with its traceback.

``kinds``     one module for each kind of input; a new module is a new kind
``attempt``   one input, watched: errors, time, memory, and what it opens and starts
``worker``    a process that tries many inputs
``runner``    workers, restarted when an input ends or stops them
"""
