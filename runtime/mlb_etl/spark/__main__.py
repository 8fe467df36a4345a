"""What spark-submit and the Spark Operator run: `python -m mlb_etl.spark` is `mlb-etl transform --engine spark`."""

import sys
from importlib import import_module

if __name__ == "__main__":
    sys.argv[1:1] = ["transform", "--engine", "spark"]
    # by name: the command line imports this room, not the other way round
    import_module("mlb_etl.cli").main()
