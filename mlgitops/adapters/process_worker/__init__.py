"""The main process's side of zone Z0; its other side is `mlgitops.adapters.worker`."""
