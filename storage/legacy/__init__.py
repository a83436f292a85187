"""Moving over: what the predecessor's tables say becomes media of ours, again and again, without duplicates.

`source` reads the old database and never writes to it, `mapping` decides what a row becomes, `writing` brings a batch
of rows into ours, `importing` is the use case, `report` what it tells.
"""
