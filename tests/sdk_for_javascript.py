"""Where the AWS SDK for JavaScript v3 is, where it is installed."""

from __future__ import annotations

import os
from pathlib import Path

SDK = Path(os.environ.get("STSCTL_JAVASCRIPT_SDK") or Path.home() / ".cache" / "stsctl" / "javascript")
"""Where `npm install --prefix` put @aws-sdk/client-sts, client-s3 and credential-providers."""
