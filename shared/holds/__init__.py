"""People whom HR may not enable, and people of whom nothing changes without a release of each by name.

Two places say so: `hr-config/holds.yaml`, which people write and no program does, and the partition `holds` of the
table `Quota`, which the support page and the commands write. Whoever is named in one of them is on hold.
"""
