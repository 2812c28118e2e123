"""`python -m langgraph_quorum`: the command `quorum`, where its script is not on the path."""

import sys

from langgraph_quorum.orchestration.cli.entry import main

sys.exit(main())
