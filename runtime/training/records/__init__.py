"""Run folders: what is written of a run, read again, followed and compared; and the runs that wait."""
