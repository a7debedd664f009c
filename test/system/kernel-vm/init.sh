#!/bin/busybox sh
export PATH=/bin HOME=/root
# busybox's shell would take its own ip.
ip(){ /bin/ip "$@"; }
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev; mount -t tmpfs t /run; mount -t tmpfs t /tmp; mkdir -p /run/wireguard /run/netns
for f in /mods/*.ko; do insmod $f || echo "insmod $f failed"; done
ip link set lo up
for x in A B; do ip netns add $x; ip -n $x link set lo up; done
ip link add vA netns A type veth peer name vB netns B
ip -n A addr add 10.98.0.1/24 dev vA; ip -n B addr add 10.98.0.2/24 dev vB; ip -n A link set vA up; ip -n B link set vB up
cd /root; node /root/guest.mjs || echo GUEST-RC=1
poweroff -f
