// A stand-in for wireguard-go.exe where Windows has no drivers: wireguard-go's own configuration code, behind the name and the access list of
// its own pipe, on a device and a socket that lead nowhere. The pipe itself is made by Windows' plainest call: Wine knows no other.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/windows"
	"golang.zx2c4.com/wireguard/conn/bindtest"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun/tuntest"
)

// pipe is one connection; its calls block.
type pipe struct{ handle windows.Handle }

func (p *pipe) Read(b []byte) (int, error) {
	var n uint32
	err := windows.ReadFile(p.handle, b, &n, nil)
	if err == windows.ERROR_BROKEN_PIPE || (err == nil && n == 0) {
		return 0, io.EOF
	}
	return int(n), err
}

func (p *pipe) Write(b []byte) (int, error) {
	var n uint32
	err := windows.WriteFile(p.handle, b, &n, nil)
	return int(n), err
}

func (p *pipe) Close() error {
	windows.FlushFileBuffers(p.handle)
	return windows.CloseHandle(p.handle)
}

func (p *pipe) LocalAddr() net.Addr              { return nil }
func (p *pipe) RemoteAddr() net.Addr             { return nil }
func (p *pipe) SetDeadline(time.Time) error      { return nil }
func (p *pipe) SetReadDeadline(time.Time) error  { return nil }
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }

func main() {
	if len(os.Args) != 2 {
		os.Exit(1)
	}
	logger := device.NewLogger(device.LogLevelVerbose, fmt.Sprintf("(%s) ", os.Args[1]))
	dev := device.NewDevice(tuntest.NewChannelTUN().TUN(), bindtest.NewChannelBinds()[0], logger)
	if err := dev.Up(); err != nil {
		logger.Errorf("Failed to bring up device: %v", err)
		os.Exit(1)
	}
	name, _ := windows.UTF16PtrFromString(`\\.\pipe\ProtectedPrefix\Administrators\WireGuard\` + os.Args[1])
	// As wireguard-go's own: it belongs to the system, and is for the system and administrators.
	security, err := windows.SecurityDescriptorFromString("O:SYD:P(A;;GA;;;SY)(A;;GA;;;BA)")
	if err != nil {
		panic(err)
	}
	attributes := &windows.SecurityAttributes{SecurityDescriptor: security}
	attributes.Length = 24
	instance := func() windows.Handle {
		handle, err := windows.CreateNamedPipe(name, windows.PIPE_ACCESS_DUPLEX, windows.PIPE_TYPE_BYTE|windows.PIPE_WAIT, windows.PIPE_UNLIMITED_INSTANCES, 4096, 4096, 0, attributes)
		if err != nil {
			logger.Errorf("Failed to listen on uapi socket: %v", err)
			os.Exit(1)
		}
		return handle
	}
	// There is one more than is used, always: a pipe without instances is gone.
	for handle := instance(); ; {
		err := windows.ConnectNamedPipe(handle, nil)
		next := instance()
		if err == nil || err == windows.ERROR_PIPE_CONNECTED {
			go dev.IpcHandle(&pipe{handle})
		} else {
			windows.CloseHandle(handle)
		}
		handle = next
	}
}
