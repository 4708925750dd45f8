"""Measures of the drawing, in canvas units: what layout, architectures and canvas agree on."""

from __future__ import annotations

NODE_WIDTH, NODE_HEIGHT = 148, 54
#: Of a node that shows nothing but its name.
COLLAPSED_HEIGHT = 30
#: Distance of neighbouring columns, of branches in a column, and from one row to the next.
COLUMN, BRANCH, ROW = 248, 96, 152
#: Height of the lane under a row in which skipping wires run.
LANE = 48
#: Rows stand no closer than this part of ``ROW``: what runs back between them, and its shape, need the room.
CLOSE = 0.66
#: Columns of a graph that are read at once, with the shapes on its wires.
WIDEST = 6
