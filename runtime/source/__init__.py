"""The parts of code generation: tracing uses, writing Python, helper classes. ``runtime.codegen`` is the door."""
