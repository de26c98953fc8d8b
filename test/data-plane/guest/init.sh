#!/bin/sh
# The first process of a guest: mounts what a system needs, runs the program of its role, says how it ended.
export PATH=/bin:/sbin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
echo 3 > /proc/sys/kernel/printk
# Ends the line that the firmware left open, so that what is printed next stands alone.
echo
ROLE=$(sed -n 's/.*rose\.role=\([a-z-]*\).*/\1/p' /proc/cmdline)
modprobe -a virtio_pci virtio_blk virtio_net loop configfs btrfs ext4 xfs
mount -t configfs none /sys/kernel/config
ip link set lo up
node "/rose/$ROLE.mjs"
echo "GUEST-RESULT $ROLE status=$?"
sync
reboot -f
