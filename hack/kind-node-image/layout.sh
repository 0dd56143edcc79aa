# Runs inside the image that is being built.
set -euo pipefail
chmod 755 /usr/local/bin/* /kind/bin/* /usr/bin/kube* /usr/local/sbin/runc /opt/cni/bin/*

# As kind's base image has it.
find /lib/systemd/system/sysinit.target.wants/ -name systemd-tmpfiles-setup.service -delete
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/* \
    /lib/systemd/system/local-fs.target.wants/* /lib/systemd/system/sockets.target.wants/*{udev,initctl}* \
    /lib/systemd/system/basic.target.wants/*
echo "ReadKMsg=no" >> /etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd /sbin/init
mkdir -p /etc/kubernetes/manifests /etc/cni/net.d /kind/manifests
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service
ctr oci spec | jq '.hooks.createContainer[0] = {"path": "/kind/bin/mount-product-files.sh"} | del(.process.rlimits)' \
    > /etc/containerd/cri-base.json

# Unlike it: no fuse, no OOM score below one's own, which a sandboxed root may not set, and the pause image from here.
sed -i -e 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' -e '/^\[proxy_plugins/,/address = /d' \
    -e "s#sandbox_image = .*#sandbox_image = \"$(cat /images/pause)\"#" /etc/containerd/config.toml
# On a machine with cgroup v1 kubelet has to be told that it may.
sed -i 's#^KUBELET_EXTRA_ARGS=#&--config-dir=/etc/kubernetes/kubelet.conf.d #' /etc/default/kubelet
mkdir -p /etc/kubernetes/kubelet.conf.d
printf '%s\n' 'apiVersion: kubelet.config.k8s.io/v1beta1' 'kind: KubeletConfiguration' 'failCgroupV1: false' \
    > /etc/kubernetes/kubelet.conf.d/cgroup-v1.conf
# kindnet and the storage provisioner cannot be had: a bridge in their place, for clusters of one node.
mv /bridge.conflist /etc/cni/net.d/10-bridge.conflist
for name in default-cni default-storage; do
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: no-%s, namespace: kube-system}\n' "$name" \
        > "/kind/manifests/$name.yaml"
done
kubeadm version --output=short > /kind/version

containerd > /tmp/containerd.log 2>&1 &
for _ in $(seq 300); do ctr version > /dev/null 2>&1 && break; sleep 0.2; done
for archive in /images/*.tar; do
    ctr --namespace=k8s.io images import --label=io.cri-containerd.pinned=pinned --no-unpack --digests "$archive"
done
kill %1 && wait %1 || true
rm -rf /images /layout.sh /tmp/*
