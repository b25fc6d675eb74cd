touch PWNED-script "$BYLAW_WORKSPACE/PWNED-script"
