"""A simulation of the whole, replayed from its seed: an API, capture, workers, operators and crashes, over both stores.

`plan` says what happens in a history, `world` is the API, `programs` runs the command line and kills it, and `history`
plays a plan. `audit` compares what a store holds with what was answered, and shares no code with the product.
"""
