// What must never run: a program and a library of somebody else's, which leave a mark when they do. No part of it is a double.
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
