// A foreign program and library, which must never run, and leave a mark if they do. They are not doubles.
#include <windows.h>

static void leave_a_mark(void) {
    HANDLE file = CreateFileA("C:\\lab\\foreign", FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD written;
    WriteFile(file, "it ran\n", 7, &written, NULL);
    CloseHandle(file);
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved) {
    (void)module, (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) leave_a_mark();
    return TRUE;
}

int main(void) {
    leave_a_mark();
    return 0;
}
