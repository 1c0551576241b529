"""What the engine starts: this folder, by its path, in the folder of the project.

Only this folder is on Python's path then; the pack also needs the checkout it stands in.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policy.pack import serve

serve()
